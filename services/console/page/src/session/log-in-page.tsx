/** The doors: a token that the person makes, or the identity provider. */
import { useEffect, useId, useState } from 'preact/hooks';
import type { DoorsAnswer } from '#services/console/api/answers.ts';
import { LanguageChoice, ThemeChoice } from '../app/choices.tsx';
import { ProblemNote } from '../parts/answered.tsx';
import { CopyLine } from '../parts/copy-line.tsx';
import { Icon } from '../parts/icon.tsx';
import { withQuery } from '../server/paths.ts';
import { RequestProblem } from '../server/request-problem.ts';
import mark from '../style/mark.svg';
import { GENERAL } from '../words/general-words.ts';
import type { Words } from '../words/languages.ts';
import { say } from '../words/say.ts';
import { findSession, logInWithToken } from './log-in.ts';
import { session } from './session-state.ts';

const WORDS = {
  title: { en: 'Log in to Capataz', es: 'Entrar en Capataz' },
  ended: {
    en: 'Your session is over. Log in again; you come back to where you were.',
    es: 'Su sesión ha terminado. Vuelva a entrar; regresará a donde estaba.',
  },
  token: { en: 'Token', es: 'Token' },
  tokenHow: {
    en: 'Make a token where you have access to the cluster, and paste it here. It is used once and not kept.',
    es: 'Cree un token donde tenga acceso al clúster y péguelo aquí. Se usa una vez y no se guarda.',
  },
  tokenMissing: { en: 'Paste the token first.', es: 'Pegue primero el token.' },
  enter: { en: 'Log in', es: 'Entrar' },
  openid: { en: 'Log in with your organisation', es: 'Entrar con su organización' },
  or: { en: 'or', es: 'o' },
  wrong: {
    en: 'This token was not accepted. Make a new one with the command above: a token is good for its time and audience only.',
    es: 'El token no fue aceptado. Cree otro con el comando de arriba: un token sólo vale para su tiempo y audiencia.',
  },
} as const satisfies Words;

export function LogIn() {
  const state = session.value;
  useEffect(() => {
    document.title = `${say(WORDS.title)} · Capataz`;
  });
  const doors = state.kind === 'out' ? state.doors : undefined;
  const hasToken = doors === undefined || doors.doors.includes('token');
  const hasOpenid = doors?.doors.includes('openid') === true;
  return (
    <main class="door">
      <div class="door__card">
        <header class="row">
          <img class="brand__mark" src={mark} alt="" width={24} height={24} />
          <h1>{say(WORDS.title)}</h1>
        </header>
        {state.kind === 'unreachable' ? (
          <ProblemNote
            problem={new RequestProblem(0, 'unreachable', '')}
            onRetry={() => void findSession()}
          />
        ) : null}
        {state.kind === 'out' && state.hasEnded ? (
          <p class="note note--info" role="status">
            <Icon name="clock" /> <span class="note__text">{say(WORDS.ended)}</span>
          </p>
        ) : null}
        {hasOpenid ? <OpenidDoor /> : null}
        {hasOpenid && hasToken ? <p class="door__or">{say(WORDS.or)}</p> : null}
        {hasToken && state.kind === 'out' ? <TokenDoor doors={doors} isMain={!hasOpenid} /> : null}
      </div>
      <div class="door__choices">
        <LanguageChoice />
        <ThemeChoice />
      </div>
    </main>
  );
}

function OpenidDoor() {
  const from = `${location.pathname}${location.search}`;
  return (
    <a class="button button--main" href={withQuery('/v1/session/openid', { from })}>
      {say(WORDS.openid)}
    </a>
  );
}

interface TokenDoorProps {
  readonly doors: DoorsAnswer | undefined;
  readonly isMain: boolean;
}

function TokenDoor({ doors, isMain }: TokenDoorProps) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<RequestProblem | 'missing'>();
  const [isBusy, setIsBusy] = useState(false);
  const id = useId();
  const submit = async (): Promise<void> => {
    if (isBusy) return;
    if (token.trim() === '') {
      setProblem('missing');
      return;
    }
    setIsBusy(true);
    try {
      await logInWithToken(token.trim());
    } catch (error) {
      const isKnown = error instanceof RequestProblem;
      setProblem(isKnown ? explained(error) : new RequestProblem(0, 'unreachable', ''));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p class="soft">{say(WORDS.tokenHow)}</p>
      {doors === undefined ? null : <CopyLine text={doors.tokenCommand} />}
      <div class="field">
        <label class="field__label" for={`${id}-token`}>
          {say(WORDS.token)}
        </label>
        <input
          id={`${id}-token`}
          class="input code"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          aria-invalid={problem === undefined ? undefined : 'true'}
          aria-describedby={`${id}-problem`}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <div id={`${id}-problem`}>
          {problem === 'missing' ? <p class="field__problem">{say(WORDS.tokenMissing)}</p> : null}
        </div>
      </div>
      {problem instanceof RequestProblem ? <ProblemNote problem={problem} /> : null}
      <button type="submit" class={`button ${isMain ? 'button--main' : ''}`} aria-disabled={isBusy}>
        {isBusy ? say(GENERAL.loading) : say(WORDS.enter)}
      </button>
    </form>
  );
}

/** The server says why in a sentence; where it does not, the reason is nearly always the token. */
function explained(problem: RequestProblem): RequestProblem {
  if (problem.message !== '' || problem.status !== 401) return problem;
  return new RequestProblem(problem.status, problem.code, say(WORDS.wrong));
}
