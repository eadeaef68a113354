import { useEffect } from 'preact/hooks';
import { forgetAnswers, resumeAnswers } from '../server/answers.ts';
import { openStream } from '../server/stream.ts';
import { findSession } from '../session/log-in.ts';
import { LogIn } from '../session/log-in-page.tsx';
import { session } from '../session/session-state.ts';
import { Skeleton } from '../parts/answered.tsx';
import { Frame } from './frame.tsx';

export function App() {
  const state = session.value;
  useEffect(() => {
    void findSession();
  }, []);
  if (state.kind === 'in') return <Inside />;
  if (state.kind === 'asking') {
    return (
      <main class="door">
        <div class="door__card">
          <Skeleton lines={4} />
        </div>
      </main>
    );
  }
  return <LogIn />;
}

function Inside() {
  useEffect(() => {
    const ends = new AbortController();
    openStream(ends.signal, () => void findSession());
    const resume = (): void => {
      if (!document.hidden) resumeAnswers();
    };
    document.addEventListener('visibilitychange', resume, { signal: ends.signal });
    return () => {
      ends.abort();
      // What one person may see is nothing for the next.
      forgetAnswers();
    };
  }, []);
  return <Frame />;
}
