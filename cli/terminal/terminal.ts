/** Where the program writes, and how: what a command may know of the terminal it runs in. */
import { styleText } from 'node:util';

export interface Terminal {
  /** What was asked for. */
  readonly write: (text: string) => void;
  /** What is said about it: warnings, hints. */
  readonly note: (text: string) => void;
  /** Width for texts that are wrapped. */
  readonly columns: number;
  readonly hasColours: boolean;
}

type StyleName = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';
export type Paint = (style: StyleName | readonly StyleName[], text: string) => string;

export function painter({ hasColours }: Pick<Terminal, 'hasColours'>): Paint {
  if (!hasColours) return (_style, text) => text;
  return (style, text) =>
    styleText(typeof style === 'string' ? style : [...style], text, { validateStream: false });
}

const COLUMNS_ELSEWHERE = 100;
const COLUMNS_MINIMUM = 40;
const COLUMNS_MAXIMUM = 140;

/** https://no-color.org: set and not empty means no colours, whatever the terminal can. */
export function describeTerminal(
  stream: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): Pick<Terminal, 'columns' | 'hasColours'> {
  const isTerminal = stream.isTTY === true;
  const told = Number(environment['COLUMNS']);
  const columns = (isTerminal ? stream.columns : undefined) ?? (told > 0 ? told : COLUMNS_ELSEWHERE);
  return {
    columns: Math.min(Math.max(columns, COLUMNS_MINIMUM), COLUMNS_MAXIMUM),
    hasColours: isTerminal && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb',
  };
}
