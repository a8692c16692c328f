/** The body of an answer as text; undefined, and not read on, when it is over the cap. @throws what the connection throws. */
export async function readText(response: Response, bytesMax: number): Promise<string | undefined> {
  if (response.body === null) return '';
  if (Number(response.headers.get('content-length') ?? 0) > bytesMax) {
    await response.body.cancel();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
