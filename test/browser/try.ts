import { HOSTILE_TEXTS } from './world/hostile-texts.ts';
console.log(HOSTILE_TEXTS.length, HOSTILE_TEXTS.filter(t=>!t.text.isWellFormed()).length, Math.max(...HOSTILE_TEXTS.map(t=>t.text.length)));
