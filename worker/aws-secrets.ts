/** Apart from secrets.ts and loaded only where there is something to read: to load the SDK takes CPU, in every task. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SecretReader } from './secrets.ts';

/**
 * The SDK's standard retries, full jitter up to 20 s: a thousand tasks share the 40 reads a second of Systems Manager,
 * and wait a minute on average before they give up. A call without an answer is retried after this time, ms.
 */
const CLIENT = {
  retryMode: 'standard',
  maxAttempts: 10,
  requestHandler: { connectionTimeout: 5000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/** Reads in the task's region with the task's role. */
export function awsSecrets(): SecretReader {
  const ssm = new SSMClient(CLIENT);
  const secretsManager = new SecretsManagerClient(CLIENT);
  return {
    async parameter(name) {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return Parameter?.Value ?? '';
    },
    async secret(id) {
      const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId: id }));
      if (SecretString === undefined) throw new Error('it is binary: only text can be a variable');
      return SecretString;
    },
  };
}
