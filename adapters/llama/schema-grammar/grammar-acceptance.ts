/** Whether llama.cpp's engine takes a text as a whole sentence of a grammar. For tests: no model is needed. */
import { type Llama, LlamaGrammar } from 'node-llama-cpp';
import type { SchemaGrammar } from './schema-grammar.ts';

export type AcceptsText = (text: string) => boolean;

/** Throws when llama.cpp does not read the grammar. */
export function readGrammar(llama: Llama, { gbnf }: SchemaGrammar): AcceptsText {
  const grammar = new LlamaGrammar(llama, { grammar: gbnf });
  // The engine behind the sampler; the library exposes it for its own tests only.
  // oxlint-disable-next-line no-underscore-dangle -- the library's own place for its tests.
  const { _testText: test } = grammar as unknown as { readonly _testText: AcceptsText };
  return (text) => test.call(grammar, text);
}
