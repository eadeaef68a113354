declare module 'virtual:icon-sprite' {
  /** Address of the file with the icons. */
  export const SPRITE: string;
}
