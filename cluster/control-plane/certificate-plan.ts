/** Which certificates a cluster needs, as data; certificate-authority.ts signs them. */

export interface CertificateRequest {
  readonly file: string;
  readonly authority: 'ca' | 'front-proxy-ca';
  readonly commonName: string;
  readonly organization?: string;
  readonly usage: 'serverAuth' | 'clientAuth';
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
}

export interface CertificateSubject {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly firstServiceAddress: string;
}

/** The names that Kubernetes' own role bindings expect; a client by another name gets no rights. */
export function planCertificates(subject: CertificateSubject): readonly CertificateRequest[] {
  const client = (file: string, commonName: string, organization?: string): CertificateRequest => ({
    file,
    authority: 'ca',
    commonName,
    usage: 'clientAuth',
    ...(organization === undefined ? {} : { organization }),
  });
  return [
    {
      file: 'apiserver',
      authority: 'ca',
      commonName: 'kube-apiserver',
      usage: 'serverAuth',
      dnsNames: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        'localhost',
      ],
      addresses: [...new Set(['127.0.0.1', subject.firstServiceAddress, subject.nodeAddress])],
    },
    {
      file: 'kubelet-server',
      authority: 'ca',
      commonName: subject.nodeName,
      usage: 'serverAuth',
      dnsNames: [subject.nodeName, 'localhost'],
      addresses: [...new Set(['127.0.0.1', subject.nodeAddress])],
    },
    client('admin', 'kubernetes-admin', 'system:masters'),
    client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', 'system:masters'),
    client('controller-manager', 'system:kube-controller-manager'),
    client('scheduler', 'system:kube-scheduler'),
    client('kube-proxy', 'system:kube-proxy', 'system:node-proxier'),
    client('coredns', 'system:coredns'),
    client('kubelet', `system:node:${subject.nodeName}`, 'system:nodes'),
    {
      file: 'front-proxy-client',
      authority: 'front-proxy-ca',
      commonName: 'front-proxy-client',
      usage: 'clientAuth',
    },
  ];
}
