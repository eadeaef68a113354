/**
 * Which addresses an instance uses. Each instance owns one /16, cut in three: a single host route
 * then reaches its pods, its services and its node, and two instances can never collide.
 */

export interface AddressPlan {
  readonly instanceSubnet: string;
  readonly podSubnet: string;
  readonly nodePodSubnet: string;
  readonly podGateway: string;
  readonly serviceSubnet: string;
  readonly firstServiceAddress: string;
  readonly dnsServiceAddress: string;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  readonly linkPrefixLength: number;
}

/** 10.210.0.0/16 and the next ones: far from the ranges that Docker, kind, k3s and home routers take. */
export function defaultInstanceSubnet(instanceIndex: number): string {
  return `10.${210 + instanceIndex}.0.0/16`;
}

export function planAddresses(instanceSubnet: string): AddressPlan | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/.exec(instanceSubnet);
  if (match === null) return undefined;
  const prefix = `${match[1]}.${match[2]}`;
  if (match.slice(1).some((part) => Number(part) > 255)) return undefined;
  return {
    instanceSubnet,
    podSubnet: `${prefix}.0.0/18`,
    nodePodSubnet: `${prefix}.0.0/24`,
    podGateway: `${prefix}.0.1`,
    serviceSubnet: `${prefix}.64.0/18`,
    firstServiceAddress: `${prefix}.64.1`,
    dnsServiceAddress: `${prefix}.64.10`,
    hostAddress: `${prefix}.128.1`,
    nodeAddress: `${prefix}.128.2`,
    linkPrefixLength: 30,
  };
}

interface Range {
  readonly first: number;
  readonly last: number;
}

function parseRange(subnet: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(subnet);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
  const prefixLength = Number(match[5] ?? 32);
  const size = 2 ** (32 - prefixLength);
  const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

export function subnetsOverlap(left: string, right: string): boolean {
  const [leftRange, rightRange] = [parseRange(left), parseRange(right)];
  if (leftRange === undefined || rightRange === undefined) return false;
  return leftRange.first <= rightRange.last && rightRange.first <= leftRange.last;
}

export interface HostRoute {
  readonly destination: string;
  readonly device: string;
}

/** The first route of another device that overlaps; the default route overlaps everything and is fine. */
export function findConflictingRoute(
  instanceSubnet: string,
  ownDevice: string,
  routes: readonly HostRoute[],
): HostRoute | undefined {
  return routes.find(
    (route) =>
      route.device !== ownDevice &&
      route.destination !== 'default' &&
      subnetsOverlap(route.destination, instanceSubnet),
  );
}
