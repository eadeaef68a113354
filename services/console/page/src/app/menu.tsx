import { useLocation } from 'preact-iso';
import { useEffect, useRef } from 'preact/hooks';
import type { NowAnswer } from '#services/console/api/answers.ts';
import { Icon } from '../parts/icon.tsx';
import { sayCountOf } from '../parts/amounts.tsx';
import { Time } from '../parts/time.tsx';
import { SCREENS } from '../screens/screens.ts';
import type { Screen } from '../screens/screen.ts';
import { useAnswer } from '../server/use-answer.ts';
import { logOut } from '../session/log-in.ts';
import { useRights } from '../session/rights.ts';
import { session } from '../session/session-state.ts';
import mark from '../style/mark.svg';
import { Text } from '../text/text.tsx';
import { FRAME, GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { language, theme } from './preferences.ts';
import { LanguageChoice, ThemeChoice } from './choices.tsx';

/** Of what is not watched closely: the number beside Now in the menu. */
const COUNT_PAUSE_MILLISECONDS = 10_000;

export function Menu() {
  const rights = useRights();
  // Whoever may look into some namespaces has no right in all of them, and may have it in those.
  const isEverywhere = session.value.kind === 'in' && session.value.session.namespaces === 'all';
  return (
    <>
      <a class="brand" href="/">
        <img class="brand__mark" src={mark} alt="" width={24} height={24} />
        Capataz
      </a>
      <nav aria-label={say(FRAME.navigation)}>
        <ul class="areas">
          {SCREENS.map((screen) => (
            <li key={screen.views[0].path}>
              <Area
                screen={screen}
                isForbidden={isEverywhere && screen.right !== undefined && rights?.[screen.right] === false}
              />
            </li>
          ))}
        </ul>
      </nav>
      <Person key={`${language.value} ${theme.value}`} />
    </>
  );
}

function Area({ screen, isForbidden }: { readonly screen: Screen; readonly isForbidden: boolean }) {
  const { path } = useLocation();
  const isHere = screen.views.some((view) => areaOf(view.path) === areaOf(path));
  const [{ path: target }] = screen.views;
  return (
    <a class="area" href={target} aria-current={isHere ? 'page' : undefined}>
      <Icon name={screen.icon} />
      <span>{say(screen.title)}</span>
      {target === '/' ? <AttentionCount /> : null}
      {isForbidden ? (
        <span class="area__lock">
          <Icon name="lock" />
          <span class="hidden-but-read">{say(GENERAL.missingRight, { right: screen.right ?? '' })}</span>
        </span>
      ) : null}
    </a>
  );
}

/** The views of an area have the first part of their address in common. */
function areaOf(path: string): string | undefined {
  return path.split('/')[1];
}

function AttentionCount() {
  const { value } = useAnswer<NowAnswer>('/v1/now', ['now'], COUNT_PAUSE_MILLISECONDS);
  const count = value?.attention.filter(
    ({ silence, urgency }) => silence === null && urgency !== 'notice',
  ).length;
  if (count === undefined || count === 0) return null;
  return <span class="area__count">{sayCountOf(count)}</span>;
}

function Person() {
  const state = session.value;
  if (state.kind !== 'in') return null;
  return (
    <div class="person">
      <p class="person__name">
        <Text value={state.session.user} />
      </p>
      <p class="faint">
        {say(FRAME.sessionEnds, { time: '' })}
        <Time at={state.session.expiresMicroseconds} />
      </p>
      <LanguageChoice />
      <ThemeChoice />
      <button type="button" class="button button--small" onClick={() => void logOut()}>
        <Icon name="log-out" />
        {say(FRAME.logOut)}
      </button>
    </div>
  );
}

/** The menu of a narrow window; it goes once something was chosen. */
export function MenuDrawer({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { url } = useLocation();
  const openedAt = useRef(url);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    if (url !== openedAt.current) onClose();
  }, [url, onClose]);
  return (
    <dialog ref={dialog} class="drawer" aria-label={say(FRAME.menu)} onClose={onClose}>
      <div class="side">
        <button type="button" class="button button--bare" onClick={onClose}>
          <Icon name="x" />
          {say(GENERAL.close)}
        </button>
        <Menu />
      </div>
    </dialog>
  );
}
