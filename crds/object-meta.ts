/** What every object of ours carries, and the shapes that several kinds share. */
import { z } from 'zod';

export const API_GROUP = 'capataz.dev';
export const API_VERSION = 'v1alpha1';
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

/** The part of `metadata` that Capataz reads. Never sent to the generator: the API server owns this schema. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A name of an object in the same namespace (RFC 1123 subdomain). References are same-namespace by shape. */
export const ResourceName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/** US dollars as a decimal string with up to nine decimals (a nano-dollar), so that money is never a float. */
export const UsDollars = z
  .string()
  .max(20)
  .regex(/^[0-9]{1,9}(\.[0-9]{1,9})?$/);

/** A lower-case hexadecimal SHA-256. */
export const Sha256 = z
  .string()
  .length(64)
  .regex(/^[a-f0-9]{64}$/);
