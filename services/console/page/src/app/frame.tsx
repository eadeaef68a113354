/** What stands around every view: the menu, the title, how current all of it is. */
import { effect } from '@preact/signals';
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import type { IconName } from '../parts/icon-names.ts';
import type { Tone } from '../parts/tone.ts';
import type { Word } from '../words/languages.ts';
import { Empty } from '../parts/answered.tsx';
import { SCREENS } from '../screens/screens.ts';
import type { Liveness } from '../server/liveness.ts';
import { liveness } from '../server/stream.ts';
import { Sentence, Text } from '../text/text.tsx';
import { formatClock } from '../format/times.ts';
import { FRAME, GENERAL } from '../words/general-words.ts';
import { say } from '../words/say.ts';
import { Menu, MenuDrawer } from './menu.tsx';
import { language } from './preferences.ts';
import { title, useTitle } from './title.ts';

export function Frame() {
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  return (
    <LocationProvider>
      <a class="skip" href="#content">
        {say(FRAME.skip)}
      </a>
      <div class="frame">
        <aside class="side" aria-label={say(FRAME.menu)}>
          <Menu />
        </aside>
        {isDrawerOpen ? <MenuDrawer onClose={() => setIsDrawerOpen(false)} /> : null}
        <div class="main">
          <Top onMenu={() => setIsDrawerOpen(true)} />
          <StaleBanner />
          <main id="content" class="content" tabIndex={-1}>
            <Views />
          </main>
        </div>
      </div>
    </LocationProvider>
  );
}

function Views() {
  const [failure, setFailure] = useState<string>();
  const { path } = useLocation();
  useEffect(() => setFailure(undefined), [path]);
  if (failure !== undefined) return <Failed sentence={failure} />;
  return (
    <ErrorBoundary onError={(error: Error) => setFailure(error.message)}>
      <Router>
        {SCREENS.flatMap(({ views }) => views).map((view) => (
          <Route key={view.path} path={view.path} component={view.component} />
        ))}
        <Route default component={UnknownPage} />
      </Router>
    </ErrorBoundary>
  );
}

function Failed({ sentence }: { readonly sentence: string }) {
  return (
    <Empty icon="octagon-x" title={say(FRAME.failed)}>
      <p>{say(FRAME.failedHint)}</p>
      <p class="faint small">
        <Sentence value={sentence} />
      </p>
    </Empty>
  );
}

function UnknownPage() {
  useTitle(say(FRAME.unknownPage));
  return (
    <Empty icon="circle-question-mark" title={say(FRAME.unknownPage)}>
      <p>{say(FRAME.unknownPageHint)}</p>
    </Empty>
  );
}

function Top({ onMenu }: { readonly onMenu: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { path } = useLocation();
  const isFirst = useRef(true);
  // Whoever follows a link with the keyboard or a reader goes on from the title of what came.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, [path]);
  useEffect(
    () =>
      effect(() => {
        document.title = `${title.value.text} · Capataz`;
      }),
    [],
  );
  const { text, crumbs } = title.value;
  return (
    <header class="top">
      <button
        type="button"
        class="button button--bare top__menu"
        onClick={onMenu}
        aria-label={say(FRAME.menu)}
      >
        <Icon name="menu" />
      </button>
      <div class="top__titles">
        {crumbs.length === 0 ? null : (
          <nav class="crumbs" aria-label={say(FRAME.trail)}>
            {crumbs.map((crumb) => (
              <span key={crumb.path}>
                <a href={crumb.path}>{crumb.title}</a> /
              </span>
            ))}
          </nav>
        )}
        <h1 ref={heading} class="top__title" tabIndex={-1}>
          <Text value={text} />
        </h1>
      </div>
      <Live />
    </header>
  );
}

const LIVE_BADGES: Readonly<Record<Liveness['kind'], { tone: Tone; icon: IconName; word: Word }>> = {
  live: { tone: 'good', icon: 'radio', word: FRAME.live },
  connecting: { tone: 'quiet', icon: 'radio', word: FRAME.connecting },
  behind: { tone: 'warn', icon: 'triangle-alert', word: GENERAL.notCurrent },
  stale: { tone: 'bad', icon: 'unplug', word: FRAME.stale },
};

function Live() {
  const { tone, icon, word } = LIVE_BADGES[liveness.value.kind];
  return (
    <div class="live" role="status">
      <Badge tone={tone} icon={icon}>
        {say(word)}
      </Badge>
    </div>
  );
}

function StaleBanner() {
  const state = liveness.value;
  if (state.kind === 'stale') {
    const time = formatClock(language.value, state.sinceMilliseconds * 1000, state.sinceMilliseconds);
    return (
      <p class="banner">
        <Icon name="unplug" /> {say(FRAME.staleSince, { time })}
      </p>
    );
  }
  if (state.kind !== 'behind') return null;
  return (
    <p class="banner">
      <Icon name="triangle-alert" /> <Sentence value={state.problem} />
    </p>
  );
}
