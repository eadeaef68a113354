/**
 * Claude's thought on its way through a caller that knows a text and one opaque signature only. Claude wants its blocks
 * back as they were, each with its own signature, and newer families take them from the very model that wrote them only:
 * so the signature that the caller keeps names the model, and holds the blocks where they were more than one.
 */
import { z } from 'zod';
import type { Reasoning } from '#domain/chat/chat-request.ts';

/** `thinking` with its signature, or `data` of a block that was redacted. */
export interface ThoughtBlock {
  readonly thinking?: string;
  readonly signature?: string;
  readonly data?: string;
}

/** More of it than this is for reading only: a stream tells the signature anew behind each block. */
const MOST_CARRIED_BLOCKS = 64;
const MOST_CARRIED_CHARACTERS = 1_000_000;

const Carried = z.object({
  model: z.string().optional(),
  signature: z.string().optional(),
  blocks: z
    .array(
      z.object({
        thinking: z.string().optional(),
        signature: z.string().optional(),
        data: z.string().optional(),
      }),
    )
    .max(MOST_CARRIED_BLOCKS)
    .optional(),
});

/** Undefined when nothing was signed: such thought is for reading only. */
export function carryThought(blocks: readonly ThoughtBlock[], model: string | undefined): string | undefined {
  const signed = blocks.filter(({ signature, data }) => Boolean(signature) || Boolean(data));
  const [only, ...more] = signed;
  if (only === undefined) return undefined;
  if (signed.length > MOST_CARRIED_BLOCKS || charactersOf(signed) > MOST_CARRIED_CHARACTERS) return undefined;
  // A router like this one stands behind the endpoint, and has carried it already.
  if (only.signature?.startsWith('{') === true && more.length === 0) return only.signature;
  const isSole = more.length === 0 && blocks.length === 1 && only.data === undefined;
  return JSON.stringify({ model, ...(isSole ? { signature: only.signature } : { blocks: signed }) });
}

function charactersOf(blocks: readonly ThoughtBlock[]): number {
  return blocks.reduce(
    (sum, { thinking = '', signature = '', data = '' }) =>
      sum + thinking.length + signature.length + data.length,
    0,
  );
}

export interface CarriedThought {
  /** The model that thought it, where that is known. */
  readonly model?: string;
  /** As the content of an assistant's message begins with them. */
  readonly blocks: readonly object[];
}

/** Undefined when there is nothing that Claude would take back. */
export function thoughtOf(reasoning: Reasoning | undefined): CarriedThought | undefined {
  if (reasoning?.signature === undefined || reasoning.signature === '') return undefined;
  const { text, signature } = reasoning;
  if (!signature.startsWith('{')) return { blocks: [{ type: 'thinking', thinking: text, signature }] };
  const carried = readCarried(signature);
  if (carried === undefined) return undefined;
  const blocks = carried.blocks ?? [{ thinking: text, signature: carried.signature }];
  return {
    ...(carried.model !== undefined && { model: carried.model }),
    blocks: blocks.map(({ data, thinking = '', signature: own }) =>
      data === undefined
        ? { type: 'thinking', thinking, signature: own ?? '' }
        : { type: 'redacted_thinking', data },
    ),
  };
}

function readCarried(signature: string): z.infer<typeof Carried> | undefined {
  try {
    return Carried.safeParse(JSON.parse(signature)).data;
  } catch {
    return undefined;
  }
}

/** `claude-sonnet-4-5` answers as `claude-sonnet-4-5-20250929`. */
export function isSameModel(one: string, other: string): boolean {
  const undated = (name: string): string => name.toLowerCase().replace(/-(?:\d{8}|latest)$/, '');
  return undated(one) === undated(other);
}
