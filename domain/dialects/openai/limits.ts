/** How much of each list of a request is looked at: to check one element costs hundreds of times its size. */
export const MOST_MESSAGES = 10_000;
export const MOST_PARTS = 5_000;
export const MOST_TOOLS = 1_000;
export const MOST_TOOL_CALLS = 1_000;
export const MOST_STOP_SEQUENCES = 100;
/** OpenAI's own limit. */
export const MOST_INPUTS = 2_048;
