import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';

export interface SessionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** A role that is assumed by a role's session cannot be had for longer. s */
const SESSION_SECONDS = 3600;
/** Credentials are renewed so long before they expire, ms. */
const RENEW_MS = 5 * 60_000;

/**
 * Credentials of a role, which all clients that are given this share: it is assumed once an hour.
 * @throws Error that names the role, where it cannot be assumed
 */
export function assumedRole(
  sts: STSClient,
  roleArn: string,
  now: () => number = Date.now,
): () => Promise<SessionCredentials> {
  let session: Promise<SessionCredentials> | null = null;
  let renewAt = 0;
  return () => {
    if (session === null || now() >= renewAt) {
      // Whoever asks meanwhile waits for the same answer.
      renewAt = Number.POSITIVE_INFINITY;
      session = assume(sts, roleArn);
      session.then(
        ({ expiration }) => {
          renewAt = expiration.getTime() - RENEW_MS;
        },
        () => {
          session = null;
        },
      );
    }
    return session;
  };
}

async function assume(sts: STSClient, roleArn: string): Promise<SessionCredentials> {
  const request = { RoleArn: roleArn, RoleSessionName: 'k6-fleet', DurationSeconds: SESSION_SECONDS };
  try {
    const { Credentials } = await sts.send(new AssumeRoleCommand(request));
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) throw new Error('no credentials came back');
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    };
  } catch (cause) {
    throw new Error(`the role ${roleArn} cannot be assumed: ${(cause as Error).message}`, { cause });
  }
}
