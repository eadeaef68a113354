/** What a model, a tool or a stranger might write to break the page that shows it. */
export const HOSTILE_TEXTS = [
  '<img src=x onerror="document.title=1">',
  '"><script>document.title=2</script>',
  'javascript:document.title=3',
  '\u202egnp.exe\u202c safe.txt',
  'zero\u200bwidth\u2060joined\ufeff',
  '\u001b[31mred\u001b[0m\u0007',
  '=HYPERLINK("http://127.0.0.1:9/","click")',
  '[click](javascript:alert(1)) ![x](http://127.0.0.1:9/x.png)',
  `${'Z\u0351\u0343\u0301\u0308\u0352\u0346\u0310'.repeat(6)}algo`,
  'long'.repeat(120),
  '{{constructor.constructor("document.title=4")()}}',
  '\u05e9\u05dc\u05d5\u05dd 123 \u0645\u0631\u062d\u0628\u0627',
] as const;
