/**
 * Two kinds of servers speak the format: OpenAI itself, which refuses what it does not know, and all the others (vLLM,
 * llama.cpp, Ollama, our own local model, gateways), which know some fields more and some rules less.
 */
export type OpenAiFlavour = 'OpenAI' | 'OpenAICompatible';
