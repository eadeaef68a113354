/** Which headers of a proxy are believed at all. */
import { expect, it } from 'vitest';
import { createHeaderDoor } from './header-door.ts';

const SECRET = 'a secret of the proxy';
const door = createHeaderDoor(
  {
    networks: ['127.0.0.0/8'],
    secretPath: '/proxy-secret',
    secretHeader: 'x-capataz-proxy-secret',
    userHeader: 'x-forwarded-user',
    groupsHeader: 'x-forwarded-groups',
    usernamePrefix: '',
    groupsPrefix: '',
  },
  SECRET,
);
const HEADERS = {
  'x-capataz-proxy-secret': [SECRET],
  'x-forwarded-user': ['ana'],
  'x-forwarded-groups': ['sre'],
};

it.each([
  ['the user', { 'x-forwarded-user': ['ben', 'ana'] }],
  ['the groups', { 'x-forwarded-groups': ['admins', 'sre'] }],
  ['the secret', { 'x-capataz-proxy-secret': [SECRET, SECRET] }],
])('nobody is believed where %s stands twice: one of them is not of the proxy', (_what, twice) => {
  expect(door.personIn('127.0.0.1', HEADERS)?.username).toBe('ana');
  expect(door.personIn('127.0.0.1', { ...HEADERS, ...twice })).toBeUndefined();
});
