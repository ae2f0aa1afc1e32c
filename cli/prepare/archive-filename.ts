import { readFile, writeFile } from 'node:fs/promises';

/** ustar: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 */
const BLOCK = 512;
const SIZE = { at: 124, length: 12 };
const CHECKSUM = { at: 148, length: 8 };
const METADATA = 'metadata.json';

/**
 * Gives a script that k6 archived from standard input a name in its working folder. Without one k6 takes it for `/-` when
 * it reads the archive, and resolves what the script opens or loads against `/`.
 * @throws Error if this is not an archive of k6
 */
export async function nameScript(path: string, name: string): Promise<void> {
  await writeFile(path, withFilename(await readFile(path), name));
}

function withFilename(archive: Buffer, name: string): Buffer {
  const header = Buffer.from(archive.subarray(0, BLOCK));
  if (header.toString('latin1', 0, METADATA.length + 1) !== `${METADATA}\0`) {
    throw new Error(`an archive of k6 must begin with ${METADATA}`);
  }
  const size = Number.parseInt(header.toString('latin1', SIZE.at, SIZE.at + SIZE.length), 8);
  const metadata = JSON.parse(archive.toString('utf8', BLOCK, BLOCK + size)) as { pwd: string };
  const filename = `${metadata.pwd.replace(/\/$/, '')}/${encodeURIComponent(name)}`;
  const body = Buffer.from(JSON.stringify({ ...metadata, filename }));
  writeOctal(header, SIZE, body.length);
  header.fill(' ', CHECKSUM.at, CHECKSUM.at + CHECKSUM.length);
  writeOctal(
    header,
    CHECKSUM,
    header.reduce((sum, byte) => sum + byte, 0),
  ); // with blanks in its own place
  return Buffer.concat([
    header,
    body,
    Buffer.alloc(padded(body.length) - body.length),
    archive.subarray(BLOCK + padded(size)),
  ]);
}

const padded = (length: number) => Math.ceil(length / BLOCK) * BLOCK;

function writeOctal(header: Buffer, { at, length }: typeof SIZE, value: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}
