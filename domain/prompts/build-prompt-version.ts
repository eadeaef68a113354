/** The PromptVersion object of a prompt file, as it is sent to the API server. */
import { API_GROUP_VERSION, ResourceName } from '#crds/object-meta.ts';
import { PROMPT_VERSION, type PromptVersionSpec } from '#crds/prompt-version.ts';
import { parsePrompt } from './parse-prompt.ts';
import { canonicalPromptText, promptDigest, promptVersionName } from './prompt-digest.ts';

const PROMPT_FILE = /^(?<prompt>.+?)\.prompt(\.md)?$/;

export interface PromptVersionManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: PromptVersionSpec;
}

export type PromptVersionResult =
  | { readonly ok: true; readonly manifest: PromptVersionManifest }
  | { readonly ok: false; readonly line: number; readonly problem: string };

/** `fileName` is the last part of the path: `email-classifier.prompt` is a version of email-classifier. */
export async function buildPromptVersion(file: {
  readonly fileName: string;
  readonly text: string;
  readonly namespace?: string;
  readonly source?: NonNullable<PromptVersionSpec['source']>;
}): Promise<PromptVersionResult> {
  const prompt = PROMPT_FILE.exec(file.fileName)?.groups?.['prompt'];
  if (prompt === undefined || !ResourceName.safeParse(prompt).success) {
    return refuse(1, 'the file must be called <name>.prompt, with a name of a-z, 0-9, "-" and "."');
  }
  const parsed = await parsePrompt(file.text);
  if (!parsed.ok) return refuse(parsed.line, parsed.problem);
  if (parsed.prompt.name !== undefined && parsed.prompt.name !== prompt) {
    return refuse(
      1,
      `the front matter says name: ${parsed.prompt.name} but the file is called ${file.fileName}; make them agree`,
    );
  }
  const digest = promptDigest(file.text);
  return {
    ok: true,
    manifest: {
      apiVersion: API_GROUP_VERSION,
      kind: PROMPT_VERSION.kind,
      metadata: {
        name: promptVersionName(prompt, digest),
        ...(file.namespace === undefined ? {} : { namespace: file.namespace }),
      },
      spec: {
        prompt,
        text: canonicalPromptText(file.text),
        digest,
        ...(file.source === undefined ? {} : { source: file.source }),
      },
    },
  };
}

/** Of all annotations of an object together, names and values; the API server refuses more. */
const ANNOTATIONS_MAXIMUM_BYTES = 262_144;
/** For the annotation's name, the namespace that kubectl adds, and what else is annotated. */
const ANNOTATIONS_RESERVED_BYTES = 1_024;

/**
 * Whether `kubectl apply` can send the object: it keeps a copy of it, as Go writes JSON, in an annotation. Applied by
 * the server, or created, the object has no such copy.
 */
export function fitsClientSideApply(manifest: PromptVersionManifest): boolean {
  const escaped = JSON.stringify(manifest).replaceAll(/[<>&\u2028\u2029]/g, '\\u0000');
  return Buffer.byteLength(escaped) <= ANNOTATIONS_MAXIMUM_BYTES - ANNOTATIONS_RESERVED_BYTES;
}

function refuse(line: number, problem: string): PromptVersionResult {
  return { ok: false, line, problem };
}
