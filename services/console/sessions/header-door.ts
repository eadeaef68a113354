/**
 * The door of an authenticating proxy, which says in headers who the person is. Believed only when the connection comes from a
 * network that is named and the request shows the secret that the proxy shares with us; everybody else's headers are ignored.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
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

export interface HeaderDoor {
  /** Undefined: the request does not come through the door. */
  readonly personIn: (address: string, headers: IncomingHttpHeaders) => UserInfo | undefined;
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
      const shown = oneOf(headers, settings.secretHeader);
      if (shown === undefined || !timingSafeEqual(digestOf(shown), expected)) return undefined;
      const username = oneOf(headers, settings.userHeader);
      if (username === undefined || username === '') return undefined;
      const groups = (oneOf(headers, settings.groupsHeader) ?? '')
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

/** A header that stands twice is joined by Node for most names; two users are none. */
function oneOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Of one length, whatever was shown. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
