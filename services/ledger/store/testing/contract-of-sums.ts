import type { NewPlace } from './store-place.ts';
export function describeSums(_newPlace: NewPlace): void {}
