/** What xl asks of the store beyond what every kernel may: domain zero's connection (xenstore/client.ts) offers it. */
import type {StoreClient} from '../kernel/kernel.js';

export interface ToolStore extends StoreClient {
	makeDirectory(path: string, done?: (error: string) => void, transaction?: number): void;
	introduce(domid: number, frame: number, port: number, done?: (error: string) => void): void;
	release(domid: number, done?: (error: string) => void): void;
}
