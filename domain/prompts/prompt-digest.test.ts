import { describe, expect, it } from 'vitest';
import { promptDigest, promptVersionName } from './prompt-digest.ts';

describe('promptDigest', () => {
  it('is the SHA-256 of the text', () => {
    expect(promptDigest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('is the same whether the file came with CRLF, LF or a byte order mark', () => {
    const digest = promptDigest('---\n---\nHello\n');
    expect(promptDigest('---\r\n---\r\nHello\r\n')).toBe(digest);
    expect(promptDigest('\uFEFF---\n---\nHello\n')).toBe(digest);
  });

  it('changes with every other character, the final line end included', () => {
    expect(promptDigest('a\n')).not.toBe(promptDigest('a'));
    expect(promptDigest('a\rb')).not.toBe(promptDigest('a\nb'));
  });
});

describe('promptVersionName', () => {
  const digest = promptDigest('abc');

  it('is the prompt and the first twelve digits of the digest', () => {
    expect(promptVersionName('email-classifier', digest)).toBe('email-classifier-ba7816bf8f01');
  });

  it('never exceeds the 253 characters of a Kubernetes name and keeps the digest whole', () => {
    const name = promptVersionName('p'.repeat(253), digest);
    expect(name).toHaveLength(253);
    expect(name.endsWith('-ba7816bf8f01')).toBe(true);
  });
});
