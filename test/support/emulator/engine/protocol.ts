/** The parts of the Docker Engine API v1.48 that MiniStack's ECS speaks: https://docs.docker.com/reference/api/engine/ */

export const API_VERSION = '1.48';

/** Body of `POST /containers/create`. */
export interface ContainerConfig {
  Image: string;
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  /** `NAME=value` */
  Env?: string[] | null;
  User?: string;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  HostConfig?: {
    ReadonlyRootfs?: boolean;
    /** Runs an init process as PID 1, which forwards signals and reaps orphans. */
    Init?: boolean;
    Mounts?: { Target: string; Type?: string; ReadOnly?: boolean }[] | null;
  };
}

/** Exit code of a container that could not be started, the same as that of `docker run`. */
export const EXIT_NOT_STARTED = 125;

export type OutputStream = 1 | 2;

/** One frame of a multiplexed log stream: 1 is stdout, 2 is stderr. */
export function frame(stream: OutputStream, body: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

/** `NAME=value` pairs as an object; of pairs with the same name the last wins. */
export const parseEnv = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
