import type { NewPlace } from './store-place.ts';
export function describeKeeping(_newPlace: NewPlace): void {}
