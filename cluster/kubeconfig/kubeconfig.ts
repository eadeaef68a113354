import { stringify } from 'yaml';

export interface KubeconfigUser {
  readonly name: string;
  readonly server: string;
  readonly authorityCertificate: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

export interface KubeconfigDocument {
  readonly apiVersion: 'v1';
  readonly kind: 'Config';
  readonly 'current-context': string;
  readonly clusters: readonly { readonly name: string; readonly cluster: Record<string, string> }[];
  readonly users: readonly { readonly name: string; readonly user: Record<string, string> }[];
  readonly contexts: readonly { readonly name: string; readonly context: Record<string, string> }[];
}

/** Certificates are embedded, so the file works when it is copied and needs no other file. */
export function describeKubeconfig(user: KubeconfigUser): KubeconfigDocument {
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': user.name,
    clusters: [
      {
        name: user.name,
        cluster: {
          server: user.server,
          'certificate-authority-data': base64(user.authorityCertificate),
        },
      },
    ],
    users: [
      {
        name: user.name,
        user: {
          'client-certificate-data': base64(user.clientCertificate),
          'client-key-data': base64(user.clientKey),
        },
      },
    ],
    contexts: [{ name: user.name, context: { cluster: user.name, user: user.name } }],
  };
}

export function renderKubeconfig(user: KubeconfigUser): string {
  return stringify(describeKubeconfig(user), { lineWidth: 0 });
}
