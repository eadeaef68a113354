/** The assertions there are, by promptfoo's names. `numeric` and `json-path` are ours: promptfoo needs JavaScript for them. */
export const ASSERTION_TYPES = [
  'equals',
  'contains',
  'contains-all',
  'contains-any',
  'icontains',
  'icontains-all',
  'icontains-any',
  'starts-with',
  'regex',
  'is-json',
  'contains-json',
  'json-path',
  'numeric',
  'levenshtein',
  'rouge-n',
  'is-refusal',
  'is-valid-openai-tools-call',
  'tool-call',
  'tool-call-f1',
  'latency',
  'cost',
  'llm-rubric',
  'factuality',
] as const;
export type AssertionType = (typeof ASSERTION_TYPES)[number];

/** Judged by a model, which costs and which may be unreadable. */
export const MODEL_GRADED_TYPES = ['llm-rubric', 'factuality'] as const satisfies readonly AssertionType[];

export function isModelGraded(type: AssertionType): type is (typeof MODEL_GRADED_TYPES)[number] {
  return type === 'llm-rubric' || type === 'factuality';
}
