/** Where a real Chromium is: that of the machine, or Debian's in the user's cache with the libraries and fonts that came with it. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { unpackDebianPackage } from '#test/debian/unpack-debian-package.ts';

const OTHERWISE =
  'This machine has no Chromium in /usr/bin and no apt-get to fetch it with: install Chromium with your own packages, linked to /usr/bin/chromium.';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ChromiumProgram {
  readonly executablePath: string;
  /** What it is started with beside the environment of whoever starts it. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function ensureChromium(environment: Environment = process.env): Promise<ChromiumProgram> {
  if (existsSync('/usr/bin/chromium')) return { executablePath: '/usr/bin/chromium', environment: {} };
  const cache = cacheDirectory(environment);
  const target = join(cache, 'chromium-of-debian');
  // Debian's /usr/bin/chromium is a script with absolute paths: the program itself needs none of what it does.
  const executablePath = join(target, 'usr/lib/chromium/chromium');
  if (!existsSync(executablePath)) {
    await unpackDebianPackage({ name: 'chromium', cache, target, otherwise: OTHERWISE }, environment);
  }
  if (!existsSync(executablePath)) {
    throw new ClusterError(
      `Debian's package chromium brought no Chromium into ${target}: install it by hand.`,
    );
  }
  return {
    executablePath,
    environment: {
      LD_LIBRARY_PATH: (await libraryFolders(target)).join(':'),
      FONTCONFIG_FILE: await fontConfiguration(target),
    },
  };
}

/** Folders that hold shared libraries, of whichever processor; some packages have one of their own below the common one. */
async function libraryFolders(target: string): Promise<readonly string[]> {
  const folders = await Promise.all(
    ['usr/lib', 'lib'].map(async (root) => {
      const entries = await readdir(join(target, root), { recursive: true }).catch(() => []);
      return entries
        .filter((entry) => /\.so(\.\d+)*$/.test(entry))
        .map((entry) => dirname(join(target, root, entry)));
    }),
  );
  return [...new Set(folders.flat())].toSorted();
}

/** Names the fonts of the unpacked packages beside those of the machine; fontconfig's own file knows only the latter. */
async function fontConfiguration(target: string): Promise<string> {
  const path = join(target, 'capataz-fonts.conf');
  if (existsSync(path)) return path;
  const fonts = join(target, 'usr/share/fonts');
  await mkdir(fonts, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await writeFile(
    temporary,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(target, 'var/cache/fontconfig')}</cachedir>
</fontconfig>
`,
  );
  await rename(temporary, path);
  return path;
}
