/** Assertions of promptfoo that are not made here, each with its reason and what to write instead. */
const CODE = 'no code of a golden set is run; write what it checks as json-path, numeric, regex or is-json';
const ONE_JUDGE = 'ask the judge by llm-rubric, with the context in the rubric';

const NOTHING_ALIKE =
  'nothing here stands for it; write what it checks as regex, json-path, numeric or is-json, or ask the judge by llm-rubric';
const TOOLS = 'write is-valid-openai-tools-call, tool-call or tool-call-f1';
const TRACES =
  'an evaluation looks at answers and calls of tools, not at traces; write tool-call or tool-call-f1';

export const REFUSED_ASSERTIONS: Readonly<Record<string, string>> = {
  javascript: CODE,
  python: CODE,
  ruby: CODE,
  webhook:
    'nothing but the model is asked while an evaluation runs; write what it checks as json-path or is-json',
  similar: 'it needs a model of embeddings; use levenshtein, rouge-n or factuality',
  'g-eval': ONE_JUDGE,
  'model-graded-closedqa': ONE_JUDGE,
  'answer-relevance': ONE_JUDGE,
  'context-faithfulness': ONE_JUDGE,
  'context-recall': ONE_JUDGE,
  'context-relevance': ONE_JUDGE,
  'select-best': 'stable and candidate are compared over all cases; assert on each answer alone',
  perplexity: 'providers do not tell it the same way',
  'perplexity-score': 'providers do not tell it the same way',
  'max-score': 'stable and candidate are compared over all cases; assert on each answer alone',
  'model-graded-factuality': 'write factuality',
  'agent-rubric': 'write llm-rubric',
  'search-rubric': 'write llm-rubric',
  'conversation-relevance': ONE_JUDGE,
  'similar:cosine': 'it needs a model of embeddings; use levenshtein, rouge-n or factuality',
  'similar:dot': 'it needs a model of embeddings; use levenshtein, rouge-n or factuality',
  'similar:euclidean': 'it needs a model of embeddings; use levenshtein, rouge-n or factuality',
  bleu: 'use rouge-n',
  gleu: 'use rouge-n',
  meteor: 'use rouge-n',
  'is-valid-function-call': TOOLS,
  'is-valid-openai-function-call': TOOLS,
  'skill-used': TRACES,
  'trajectory:goal-success': TRACES,
  'trajectory:tool-args-match': TRACES,
  'trajectory:step-count': TRACES,
  'trajectory:tool-sequence': TRACES,
  'trajectory:tool-used': TRACES,
  'trace-error-spans': TRACES,
  'trace-span-count': TRACES,
  'trace-span-duration': TRACES,
  'is-html': NOTHING_ALIKE,
  'is-sql': NOTHING_ALIKE,
  'is-xml': NOTHING_ALIKE,
  'contains-html': NOTHING_ALIKE,
  'contains-sql': NOTHING_ALIKE,
  'contains-xml': NOTHING_ALIKE,
  classifier: NOTHING_ALIKE,
  'finish-reason': NOTHING_ALIKE,
  guardrails: NOTHING_ALIKE,
  human: NOTHING_ALIKE,
  moderation: NOTHING_ALIKE,
  pi: NOTHING_ALIKE,
  'word-count': NOTHING_ALIKE,
};
