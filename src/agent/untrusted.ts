/** What could open or close a block, however it is spelled: the letters may be kept apart by marks, spaces or slashes. */
const TAG = /[<‹＜〈](?=[^\p{L}\p{N}<]{0,16}u[^\p{L}\p{N}<>]{0,4}n[^\p{L}\p{N}<>]{0,4}trusted)/giu;

/**
 * A text from outside as the model gets it: between marks that only kairosd can write. Whatever the text is, it cannot
 * close its block: each `<` before the word is written as `&lt;`.
 *
 * @param source Where it came from, in words.
 */
export function untrustedBlock(source: string, text: string): string {
  return `<untrusted source="${attribute(source)}">\n${text.replace(TAG, '&lt;')}\n</untrusted>`;
}

const SOURCE_CHARS_MAX = 200;

function attribute(text: string): string {
  const plain = text.slice(0, SOURCE_CHARS_MAX).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .toWellFormed();
}
