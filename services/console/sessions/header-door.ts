/**
 * The door of an authenticating proxy, which says in headers who the person is. Believed only when the connection comes from a
 * network that is named and the request shows the secret that the proxy shares with us; everybody else's headers are ignored.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { isInNetworks } from './networks.ts';
import { personOf } from './person.ts';

export interface HeaderDoorSettings {
  readonly networks: readonly string[];
  readonly secretPath: string;
  readonly secretHeader: string;
  readonly userHeader: string;
  /** Comma-separated groups. */
  readonly groupsHeader: string;
  readonly usernamePrefix: string;
  readonly groupsPrefix: string;
}

/** As Node's `headersDistinct`: a header that stands twice has two values. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

export interface HeaderDoor {
  /** Undefined: the request does not come through the door. */
  readonly personIn: (address: string, headers: DistinctHeaders) => UserInfo | undefined;
}

const SECRET_MINIMUM_CHARACTERS = 16;

/** Throws one sentence when the secret is too short to be one. */
export function createHeaderDoor(settings: HeaderDoorSettings, secret: string): HeaderDoor {
  if (secret.length < SECRET_MINIMUM_CHARACTERS) {
    throw new Error(
      `The secret in ${settings.secretPath} must have at least ${SECRET_MINIMUM_CHARACTERS} characters.`,
    );
  }
  const expected = digestOf(secret);
  return {
    personIn: (address, headers) => {
      if (!isInNetworks(address, settings.networks)) return undefined;
      const { secretHeader, userHeader, groupsHeader } = settings;
      // One of them is of whoever sits before the proxy, which has added its own and not put it in place.
      if ([secretHeader, userHeader, groupsHeader].some((name) => (headers[name]?.length ?? 0) > 1))
        return undefined;
      const shown = headers[secretHeader]?.[0];
      if (shown === undefined || !timingSafeEqual(digestOf(shown), expected)) return undefined;
      const username = headers[userHeader]?.[0];
      if (username === undefined || username === '') return undefined;
      const groups = (headers[groupsHeader]?.[0] ?? '')
        .split(',')
        .map((group) => group.trim())
        .filter((group) => group !== '');
      return personOf({
        username: settings.usernamePrefix + username,
        groups: groups.map((group) => settings.groupsPrefix + group),
      });
    },
  };
}

/** Of one length, whatever was shown. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
