import type { ScriptEnvironment } from '../core/contract/script-data.ts';

/** Reads secrets where they are kept. @throws Error whose name says why it cannot */
export interface SecretReader {
  /** A parameter of Systems Manager, decrypted. */
  parameter(name: string): Promise<string>;
  /** A secret of Secrets Manager: its present version's text. */
  secret(id: string): Promise<string>;
}

/** What stands in environment.json for a secret: `ssm:/name`, `secretsmanager:name` or `secretsmanager:name#key`. */
const REFERENCE = /^(ssm|secretsmanager):(.+)$/;

export interface ResolvedEnvironment {
  values: ScriptEnvironment;
  /** The values that were read; they must never be shown. */
  secrets: string[];
}

/**
 * Puts the secrets in place of their references, one after the other: many tasks start at once, and Systems Manager
 * allows an account 40 reads a second. https://docs.aws.amazon.com/general/latest/gr/ssm.html
 * @param openReader called where there is any reference, once
 * @throws Error that names the variable and the reference, never a value
 */
export async function resolveSecrets(
  environment: ScriptEnvironment,
  openReader: () => Promise<SecretReader>,
): Promise<ResolvedEnvironment> {
  const values: ScriptEnvironment = {};
  const secrets = new Set<string>();
  const read = new Map<string, string>();
  let reader: SecretReader | null = null;
  for (const [name, value] of Object.entries(environment)) {
    if (!REFERENCE.test(value)) {
      values[name] = value;
      continue;
    }
    try {
      reader ??= await openReader();
      values[name] = await resolve(value, reader, read);
    } catch (error) {
      throw new Error(`cannot read ${name} from ${value}: ${reasonOf(error as Error)}`);
    }
    secrets.add(values[name]);
  }
  for (const value of read.values()) secrets.add(value);
  return { values, secrets: [...secrets] };
}

/** @param read what has been read so far, by reference without key */
async function resolve(reference: string, reader: SecretReader, read: Map<string, string>): Promise<string> {
  const [, kind, path = ''] = REFERENCE.exec(reference) ?? [];
  // Neither the name nor the ARN of a secret can have a # in it.
  const [id = '', key] = kind === 'secretsmanager' ? splitOnce(path, '#') : [path];
  const source = `${kind}:${id}`;
  const value = read.get(source) ?? (await (kind === 'ssm' ? reader.parameter(id) : reader.secret(id)));
  read.set(source, value);
  return key === undefined ? value : fieldOf(value, key);
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function fieldOf(secret: string, key: string): string {
  let fields: unknown;
  try {
    fields = JSON.parse(secret);
  } catch {
    throw new Error('it is not JSON, so it has no keys'); // the parser's own message quotes the secret
  }
  const isObject = typeof fields === 'object' && fields !== null && Object.hasOwn(fields, key);
  if (!isObject) throw new Error(`it has no key "${key}"`);
  const field = (fields as Record<string, unknown>)[key];
  return typeof field === 'string' ? field : JSON.stringify(field);
}

function reasonOf({ name, message }: Error): string {
  switch (name) {
    case 'AccessDenied':
    case 'AccessDeniedException':
      return "AccessDenied: is it under the prefix that the stack's tasks may read?";
    case 'ParameterNotFound':
    case 'ResourceNotFoundException':
      return `${name}: there is none of that name in the stack's region`;
    default:
      return name === 'Error' ? message : `${name}: ${message.split('\n')[0]}`;
  }
}
