export const MINIMUM_GO_VERSION = '1.25.0';

/** The sentence to print when Go is missing or too old; undefined when it will do. */
export function explainGoVersion(version: string | undefined, minimumVersion: string): string | undefined {
  const advice = `Install Go ${minimumVersion} or newer (https://go.dev/dl) and put it on the PATH: Kubernetes is built from source with it.`;
  if (version === undefined) return `Go is not installed. ${advice}`;
  const match = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  // A development version ("devel go1.27-...") is newer than any release that it could be asked for.
  if (match === null) return undefined;
  const found = match.slice(1).map((part) => Number(part ?? 0));
  const wanted = minimumVersion.split('.').map(Number);
  for (const [index, wantedPart] of wanted.entries()) {
    const foundPart = found[index] ?? 0;
    if (foundPart > wantedPart) return undefined;
    if (foundPart < wantedPart) return `Go ${version.slice(2)} is too old. ${advice}`;
  }
  return undefined;
}
