import { Icon } from '../parts/icon.tsx';
import { FRAME } from '../words/general-words.ts';
import { LANGUAGES } from '../words/languages.ts';
import { say } from '../words/say.ts';
import { language, THEMES, theme } from './preferences.ts';

/** Each in its own language. */
const LANGUAGE_NAMES = { en: 'English', es: 'Español' } as const;
const THEME_WORDS = { system: FRAME.system, light: FRAME.light, dark: FRAME.dark } as const;

export function LanguageChoice() {
  return (
    <label class="choice">
      <Icon name="languages" />
      <span class="hidden-but-read">{say(FRAME.language)}</span>
      <select
        class="select"
        value={language.value}
        onChange={({ currentTarget }) => {
          language.value = LANGUAGES.find((each) => each === currentTarget.value) ?? 'en';
        }}
      >
        {LANGUAGES.map((each) => (
          <option key={each} value={each} lang={each}>
            {LANGUAGE_NAMES[each]}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ThemeChoice() {
  return (
    <label class="choice">
      <Icon name="sun-moon" />
      <span class="hidden-but-read">{say(FRAME.theme)}</span>
      <select
        class="select"
        value={theme.value}
        onChange={({ currentTarget }) => {
          theme.value = THEMES.find((each) => each === currentTarget.value) ?? 'system';
        }}
      >
        {THEMES.map((each) => (
          <option key={each} value={each}>
            {say(THEME_WORDS[each])}
          </option>
        ))}
      </select>
    </label>
  );
}
