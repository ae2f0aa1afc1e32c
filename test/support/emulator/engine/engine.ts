import { randomBytes } from 'node:crypto';
import { Container } from './container.ts';
import { findImage, type Images } from './images.ts';
import type { ContainerConfig } from './protocol.ts';

/** The requested container or image does not exist. */
export class NotFound extends Error {
  override name = 'NotFound';
}

/** The containers of one engine. */
export class Engine {
  private readonly containers = new Map<string, Container>();
  private readonly images: Images;
  private readonly stateDir: string;

  /** @param stateDir where the containers' folders are made */
  constructor(images: Images, stateDir: string) {
    this.images = images;
    this.stateDir = stateDir;
  }

  /** @throws NotFound */
  image(reference: string) {
    const image = findImage(this.images, reference);
    if (image === undefined) throw new NotFound(`No such image: ${reference}`);
    return image;
  }

  create(name: string | null, config: ContainerConfig): Container {
    const id = randomBytes(32).toString('hex');
    const container = new Container(id, name ?? id.slice(0, 12), config, this.image(config.Image), this.stateDir);
    this.containers.set(id, container);
    return container;
  }

  /**
   * A container by its id, a prefix of its id, or its name.
   * @throws NotFound
   */
  get(reference: string): Container {
    const found =
      this.containers.get(reference) ??
      [...this.containers.values()].find((one) => one.name === reference || one.id.startsWith(reference));
    if (found === undefined) throw new NotFound(`No such container: ${reference}`);
    return found;
  }

  /** The containers with all these labels (`name` or `name=value`); only running ones unless `all`. */
  list(labels: string[], all: boolean): Container[] {
    return [...this.containers.values()].filter((container) => {
      const own = container.config.Labels ?? {};
      const hasLabel = (label: string) => {
        const at = label.indexOf('=');
        return at < 0 ? label in own : own[label.slice(0, at)] === label.slice(at + 1);
      };
      return (all || container.status === 'running') && labels.every(hasLabel);
    });
  }

  async remove(container: Container): Promise<void> {
    container.kill('SIGKILL');
    if (container.startedAt !== null) await container.ended;
    this.containers.delete(container.id);
  }

  /** Kills all containers. */
  async close(): Promise<void> {
    await Promise.all([...this.containers.values()].map((container) => this.remove(container)));
  }
}
