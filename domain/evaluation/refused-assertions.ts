/** Assertions of promptfoo that are not made here, each with its reason and what to write instead. */
const CODE = 'no code of a golden set is run; write what it checks as json-path, numeric, regex or is-json';
const ONE_JUDGE = 'ask the judge by llm-rubric, with the context in the rubric';

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
};
