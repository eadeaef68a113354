/**
 * Three kinds of servers speak the format: OpenAI itself, which refuses what it does not know; all the others (vLLM, llama.cpp,
 * Ollama, our own local model, gateways), which know some fields more and some rules less; and our own router, which takes
 * everything that can be said and adapts it to the provider that it chooses.
 */
export type OpenAiFlavour = 'OpenAI' | 'OpenAICompatible' | 'Capataz';
