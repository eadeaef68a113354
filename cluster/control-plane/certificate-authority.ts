import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateRequest } from './certificate-plan.ts';
import { runCommand } from '#cluster/command-line/command.ts';

const VALIDITY_DAYS = 3650;
const ELLIPTIC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'] as const;

/** The system's openssl.cnf would add extensions of an authority to every certificate. */
const EMPTY_CONFIGURATION = '[req]\ndistinguished_name = subject\n[subject]\n';

/**
 * Makes FILE.crt and FILE.key of every request, both authorities and the service-account key pair.
 * The folder appears whole or not at all, so a run cut short leaves nothing half-made to trust.
 */
export async function ensureCertificates(
  directory: string,
  requests: readonly CertificateRequest[],
): Promise<void> {
  if (existsSync(directory)) return;
  const temporary = `${directory}.making`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  const path = (file: string): string => join(temporary, file);
  await writeFile(path('openssl.cnf'), EMPTY_CONFIGURATION);
  await Promise.all(
    (['ca', 'front-proxy-ca'] as const).map((authority) =>
      runCommand('openssl', [
        ...newCertificate(path('openssl.cnf')),
        '-subj',
        `/CN=capataz-${authority}`,
        '-addext',
        'basicConstraints=critical,CA:TRUE',
        '-addext',
        'keyUsage=critical,digitalSignature,keyCertSign',
        '-keyout',
        path(`${authority}.key`),
        '-out',
        path(`${authority}.crt`),
      ]),
    ),
  );
  await Promise.all([
    makeServiceAccountKeys(path('service-account.key'), path('service-account.pub')),
    ...requests.map((request) => runCommand('openssl', signArguments(request, path))),
  ]);
  await chmod(temporary, 0o700);
  await rename(temporary, directory);
}

async function makeServiceAccountKeys(keyFile: string, publicFile: string): Promise<void> {
  await runCommand('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile]);
  await runCommand('openssl', ['ec', '-in', keyFile, '-pubout', '-out', publicFile]);
}

export function signArguments(
  request: CertificateRequest,
  path: (file: string) => string,
): readonly string[] {
  const organization = request.organization === undefined ? '' : `/O=${request.organization}`;
  const alternativeNames = [
    ...(request.dnsNames ?? []).map((name) => `DNS:${name}`),
    ...(request.addresses ?? []).map((address) => `IP:${address}`),
  ];
  return [
    ...newCertificate(path('openssl.cnf')),
    '-CA',
    path(`${request.authority}.crt`),
    '-CAkey',
    path(`${request.authority}.key`),
    '-subj',
    `${organization}/CN=${request.commonName}`,
    '-addext',
    'basicConstraints=critical,CA:FALSE',
    '-addext',
    'keyUsage=critical,digitalSignature',
    '-addext',
    `extendedKeyUsage=${request.usage}`,
    ...(alternativeNames.length === 0 ? [] : ['-addext', `subjectAltName=${alternativeNames.join(',')}`]),
    '-keyout',
    path(`${request.file}.key`),
    '-out',
    path(`${request.file}.crt`),
  ];
}

/** How the request of every certificate begins, an authority's or not. */
function newCertificate(configuration: string): readonly string[] {
  return ['req', '-x509', '-config', configuration, ...ELLIPTIC_KEY, '-days', String(VALIDITY_DAYS)];
}
