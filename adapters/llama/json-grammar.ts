/** Grammars that hold an answer to a JSON Schema, kept for the schemas that come again. */
import { type GbnfJsonBasicSchema, type Llama, LlamaGrammar, LlamaJsonSchemaGrammar } from 'node-llama-cpp';
import { ANY_OBJECT, toGrammarSchema } from './grammar-schema.ts';
import { type RequiredJson, UnsupportedSchemaError } from './language-model.ts';

const GRAMMARS_KEPT = 32;

/** The library lets every answer end in four line feeds, for chats that stop there; they would cost us tokens. */
const TRAILING_LINE_FEEDS = / "(?:\\n){4}" \[\\n\]\*$/m;

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
  const converted =
    json.schema === undefined ? { ok: true as const, schema: ANY_OBJECT } : toGrammarSchema(json.schema);
  if (!converted.ok) throw new UnsupportedSchemaError(converted.problem);
  try {
    // The library derives the answer's type from the schema's; of a user's schema nothing is known.
    const { grammar } = new LlamaJsonSchemaGrammar(llama, converted.schema as GbnfJsonBasicSchema);
    // The constructors are marked for internal use, but the factories do nothing else and are asynchronous.
    return new LlamaGrammar(llama, { grammar: grammar.replace(TRAILING_LINE_FEEDS, '') });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnsupportedSchemaError(`the schema cannot be turned into a grammar: ${reason}`, {
      cause: error,
    });
  }
}
