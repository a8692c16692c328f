import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { KairosError, messageOf } from '../core/errors.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** How an address is found and judged. Tests put a stand-in here; nobody else does. */
export interface Resolving {
  readonly lookup: (host: string) => Promise<readonly Address[]>;
  readonly addressAllowed: (address: string) => boolean;
}

/** One answer, its body as far as it was taken. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly location: string | undefined;
  readonly body: Buffer;
  /** There was more of it. */
  readonly cut: boolean;
}

const HEADER_BYTES_MAX = 32_768;
const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/** The resolver of the machine. */
export async function lookupAll(host: string): Promise<readonly Address[]> {
  return systemLookup(host, { all: true });
}

/**
 * One GET over a connection whose address was checked: the host is resolved once, every address it has must be a
 * permitted one, and the connection is made to exactly these. No cookies, no credentials, no proxy, no redirects.
 *
 * @throws {KairosError} `INPUT_INVALID` for a host that leads somewhere it must not, or an answer that cannot be read.
 */
export async function getPinned(
  url: URL,
  bytesMax: number,
  resolving: Resolving,
  signal: AbortSignal,
): Promise<Answer> {
  const addresses = await resolveAllowed(url, resolving, signal);
  const message = await connect(url, addresses, signal);
  const encoding = (message.headers['content-encoding'] ?? 'identity').toLowerCase().trim();
  const decoder = encoding === 'identity' ? undefined : DECODERS[encoding as keyof typeof DECODERS];
  if (encoding !== 'identity' && decoder === undefined) {
    message.destroy();
    throw new KairosError(
      'INPUT_INVALID',
      `${url.host} answered in the encoding ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for`,
    );
  }
  const { statusCode: status = 0, headers } = message;
  const taken = await take(message, decoder, bytesMax, signal);
  return { status, type: headers['content-type'] ?? '', location: headers.location, ...taken };
}

async function resolveAllowed(
  url: URL,
  { lookup, addressAllowed }: Resolving,
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const host = bareHost(url);
  const family = isIP(host);
  const found = family === 0 ? await untilAborted(lookup(host), signal) : [{ address: host, family }];
  if (found.length === 0) throw new KairosError('INPUT_INVALID', `${host} has no address`);
  // One forbidden address among good ones is a trick, not an accident.
  const wrong = found.find(({ address }) => !addressAllowed(address));
  if (wrong !== undefined) {
    throw new KairosError(
      'INPUT_INVALID',
      `${host} leads to ${wrong.address}, which is not an address of the public internet`,
    );
  }
  return found;
}

/** The host without brackets, and without the dot of the root, which certificates do not have. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

async function connect(url: URL, addresses: readonly Address[], signal: AbortSignal): Promise<IncomingMessage> {
  const host = bareHost(url);
  // Node asks for one address or for all of them, and tries all it gets.
  const lookup: LookupFunction = (_host, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };
  const options: RequestOptions & { servername?: string } = {
    host,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method: 'GET',
    headers: {
      host: url.host,
      'user-agent': 'kairosd',
      accept: 'text/html, text/*;q=0.9, application/json;q=0.9, application/xml;q=0.9, */*;q=0.1',
      'accept-encoding': 'gzip, deflate, br',
    },
    lookup,
    agent: false,
    signal,
    maxHeaderSize: HEADER_BYTES_MAX,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest(options) : httpRequest(options);
    request.once('response', resolve);
    // Later ones (a connection that breaks in the body) come by the answer as well.
    request.on('error', reject);
    request.end();
  });
}

/** Reads a body, unpacked, up to a limit; what comes behind it is never unpacked. */
async function take(
  message: IncomingMessage,
  decoder: (() => NodeJS.ReadWriteStream) | undefined,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Pick<Answer, 'body' | 'cut'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stream = (decoder === undefined ? message : message.pipe(decoder())) as Readable;
  message.on('error', (error) => stream.destroy(error));
  const onAbort = (): void => void stream.destroy(new Error('stopped'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) break;
    }
  } catch (error) {
    throw new KairosError('INPUT_INVALID', `the answer broke off: ${messageOf(error)}`, {}, error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    message.destroy();
  }
  return { body: Buffer.concat(chunks).subarray(0, bytesMax), cut: bytes > bytesMax };
}

async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new KairosError('INPUT_INVALID', 'the name was not found in time'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
