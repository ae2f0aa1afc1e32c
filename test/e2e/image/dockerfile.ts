export interface Instruction {
  name: string;
  args: string;
}

export interface Stage {
  name: string;
  /** As written, such as `${NODE_IMAGE}`. */
  from: string;
  /** Whether it runs on the platform of the build, whatever the image's platform is. */
  onBuildPlatform: boolean;
  body: Instruction[];
}

/** The arguments before the first stage of a Dockerfile, and its stages. */
export function parseDockerfile(text: string): { args: Record<string, string>; stages: Stage[] } {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const args: Record<string, string> = {};
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push(parseFrom(rest));
    else if (stages.length > 0) stages.at(-1)?.body.push({ name, args: rest });
    else if (name === 'ARG') args[rest.split('=')[0] ?? ''] = rest.slice(rest.indexOf('=') + 1);
  }
  return { args, stages };
}

function parseFrom(rest: string): Stage {
  const match = /^(--platform=\$BUILDPLATFORM )?(\S+) AS (\S+)$/.exec(rest);
  if (match === null) throw new Error(`FROM ${rest}: expected FROM [--platform=$BUILDPLATFORM] IMAGE AS NAME`);
  return { onBuildPlatform: match[1] !== undefined, from: match[2] ?? '', name: match[3] ?? '', body: [] };
}
