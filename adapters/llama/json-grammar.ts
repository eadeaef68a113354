/** llama.cpp's grammars for JSON answers, the last ones kept: an agent sends the same schema with every request. */
import { type Llama, LlamaGrammar } from 'node-llama-cpp';
import { type RequiredJson, UnsupportedSchemaError } from './language-model.ts';
import { grammarOfSchema } from './schema-grammar/schema-grammar.ts';

const GRAMMARS_KEPT = 32;
const ANY_OBJECT = { type: 'object' } as const;

export interface JsonGrammars {
  /** Throws UnsupportedSchemaError. */
  readonly grammarFor: (json: RequiredJson) => LlamaGrammar;
}

export function createJsonGrammars(llama: Llama): JsonGrammars {
  const kept = new Map<string, LlamaGrammar>();
  return {
    grammarFor: (json) => {
      const key = JSON.stringify(json.schema ?? null);
      const grammar = kept.get(key) ?? compile(llama, json);
      kept.delete(key);
      kept.set(key, grammar);
      const oldest = kept.keys().next().value;
      if (kept.size > GRAMMARS_KEPT && oldest !== undefined) kept.delete(oldest);
      return grammar;
    },
  };
}

function compile(llama: Llama, json: RequiredJson): LlamaGrammar {
  const result = grammarOfSchema(json.schema ?? ANY_OBJECT);
  if (!result.ok) throw new UnsupportedSchemaError(result.problem);
  try {
    // The constructor is marked for internal use, but the factory does nothing else and is asynchronous.
    return new LlamaGrammar(llama, { grammar: result.grammar.gbnf });
  } catch (error) {
    throw new UnsupportedSchemaError('llama.cpp does not take its grammar', { cause: error });
  }
}
