/** The file of sinks, read once at the start. Rejects with a sentence that names the file and what is wrong in it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SinkConfiguration, type SinkSettings } from './sink-configuration.ts';

export async function readSinks(path: string): Promise<readonly SinkSettings[]> {
  const text = await readFile(path, 'utf8');
  const parsed = SinkConfiguration.safeParse(jsonOf(text, path));
  if (parsed.success) return parsed.data;
  throw new Error(`The sinks in ${path} are not valid:\n${z.prettifyError(parsed.error)}`);
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`What stands in ${path} is not JSON.`);
  }
}
