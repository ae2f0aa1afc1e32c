import { expect, it, vi } from 'vitest';
import { resolveSecrets, type SecretReader } from '../../../worker/secrets.ts';

const failing = (name: string, message = 'no') => Object.assign(new Error(message), { name });

function readerOf(values: Record<string, string | Error>): SecretReader {
  const read = async (name: string) => {
    const value = values[name] ?? failing('ParameterNotFound');
    if (value instanceof Error) throw value;
    return value;
  };
  return { parameter: read, secret: read };
}

it('puts secrets in place of references, and leaves all else', async () => {
  const reader = readerOf({ '/a': 'one', login: '{"user":"me","port":5432}' });

  const { values, secrets } = await resolveSecrets(
    {
      PLAIN: 'https://x/#ssm:/a',
      EMPTY: '',
      A: 'ssm:/a',
      ALL: 'secretsmanager:login',
      USER: 'secretsmanager:login#user',
      PORT: 'secretsmanager:login#port',
    },
    async () => reader,
  );

  expect(values).toEqual({
    PLAIN: 'https://x/#ssm:/a',
    EMPTY: '',
    A: 'one',
    ALL: '{"user":"me","port":5432}',
    USER: 'me',
    PORT: '5432',
  });
  expect(secrets.sort()).toEqual(['5432', 'me', 'one', '{"user":"me","port":5432}']);
});

it('reads a secret once, however many keys of it are asked for', async () => {
  const reader = readerOf({ login: '{"user":"me","password":"pw"}' });
  const secret = vi.spyOn(reader, 'secret');

  await resolveSecrets({ U: 'secretsmanager:login#user', P: 'secretsmanager:login#password' }, async () => reader);

  expect(secret).toHaveBeenCalledTimes(1);
});

it.each([
  ['ssm:/x', failing('AccessDeniedException'), "AccessDenied: is it under the prefix that the stack's tasks may read?"],
  ['secretsmanager:x', failing('ResourceNotFoundException'), 'ResourceNotFoundException: there is none of that name'],
  ['secretsmanager:x#key', 's3cret text', 'it is not JSON, so it has no keys'],
  ['secretsmanager:x#key', '{"s3cret":1}', 'it has no key "key"'],
  ['secretsmanager:x#toString', '{"s3cret":1}', 'it has no key "toString"'],
  ['ssm:/x', failing('InternalServerError', 'two\nlines'), 'InternalServerError: two'],
])('says what is wrong with %s, and never a value', async (reference, value, reason) => {
  const name = reference.replace(/^\w+:|#.*/g, '');
  const resolving = resolveSecrets({ TOKEN: reference }, async () => readerOf({ [name]: value }));

  const message = await resolving.then(
    () => '',
    (error: Error) => error.message,
  );
  expect(message).toContain(`cannot read TOKEN from ${reference}: ${reason}`);
  expect(message).not.toContain('s3cret');
});
