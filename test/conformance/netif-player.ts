/**
The same script for two players: our rings of a vif, and a C program over the real <xen/io/netif.h> (netif-player.c). After each operation
there is a result, the private copy where one was taken, and the bytes of both pages.
*/
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as netif from '../../source/sim/channel/netif.js';
import {BackRing, FrontRing} from '../../source/sim/channel/ring.js';

export type RingName = 'tx' | 'rx';

export interface Operation {
	readonly ring: RingName;
	readonly name: string;
	readonly numbers: readonly number[];
}

export interface Outcome {
	readonly result: number;
	readonly copy: Buffer;
	readonly pages: Buffer;
}

const copyBytes = netif.txEntryBytes;
const outcomeBytes = 4 + copyBytes + 8192;

/** Compiles netif-player.c against the installed Xen headers; `remove` deletes it. */
export function compilePlayer(): {path: string; remove: () => void} {
	const folder = mkdtempSync(join(tmpdir(), 'netif-player-'));
	const path = join(folder, 'netif-player');
	const source = fileURLToPath(new URL('./netif-player.c', import.meta.url));
	const {status, stderr} = spawnSync('gcc', ['-O2', '-Wall', '-o', path, source], {encoding: 'utf8'});
	if (status !== 0) throw new Error(`netif-player.c does not compile: ${stderr}`);
	return {path, remove: () => rmSync(folder, {recursive: true})};
}

/** What the C player makes of a script, one outcome per operation. */
export function playInC(player: string, script: readonly Operation[]): Outcome[] {
	const input = script.map(({ring, name, numbers}) => [ring, name, ...numbers].join(' ')).join('\n');
	const {status, stdout, stderr} = spawnSync(player, [], {input, maxBuffer: 1 << 28});
	if (status !== 0) throw new Error(`netif-player: ${stderr.toString()}`);
	const outcomes: Outcome[] = [];
	for (let at = 0; at < stdout.length; at += outcomeBytes) {
		outcomes.push({
			result: stdout.readInt32LE(at),
			copy: stdout.subarray(at + 4, at + 4 + copyBytes),
			pages: stdout.subarray(at + 4 + copyBytes, at + outcomeBytes),
		});
	}

	return outcomes;
}

/** The C player's `layout` listing: the words before the numbers (and a ring's pages), to the numbers. */
export function layoutInC(player: string): Map<string, number[]> {
	const {stdout} = spawnSync(player, ['layout'], {encoding: 'utf8'});
	const listing = new Map<string, number[]>();
	for (const line of stdout.trim().split('\n')) {
		const words = line.split(' ');
		const from = words.findIndex((word) => /^-?\d+$/.test(word)) + (line.startsWith('ring ') ? 1 : 0);
		listing.set(words.slice(0, from).join(' '), words.slice(from).map(Number));
	}

	return listing;
}

/** Our two rings, both faces of each over one page, driven by the same operations. */
export class Player {
	readonly words = {tx: new Int32Array(1024), rx: new Int32Array(1024)};
	readonly front = {
		tx: new FrontRing(this.words.tx, netif.txEntryBytes),
		rx: new FrontRing(this.words.rx, netif.rxEntryBytes),
	};
	readonly back = {
		tx: new BackRing(this.words.tx, netif.txEntryBytes),
		rx: new BackRing(this.words.rx, netif.rxEntryBytes),
	};
	readonly #copy = new Int32Array(copyBytes / 4);

	play(operation: Operation): Outcome {
		this.#copy.fill(0);
		const result = Number(this.#perform(operation));
		const {tx, rx} = this.words;
		return {
			result,
			copy: Buffer.from(this.#copy.slice().buffer),
			pages: Buffer.concat([Buffer.from(tx.buffer), Buffer.from(rx.buffer)]),
		};
	}

	#perform({ring, name, numbers}: Operation): number | boolean {
		const words = this.words[ring];
		const front = this.front[ring];
		const back = this.back[ring];
		const copy = this.#copy;
		switch (name) {
			case 'initialise':
				front.initialise();
				back.attach(0);
				return 0;
			case 'poke':
				words[numbers[0]] = numbers[1];
				return 0;
			case 'attach':
				front.attach(numbers[0]);
				back.attach(numbers[0]);
				return 0;
			case 'request': {
				const entry = front.nextRequest();
				const [a, b, c, d, e] = numbers;
				if (ring === 'tx') netif.writeTxRequest(words, entry, a, b, c, d, e);
				else netif.writeRxRequest(words, entry, a, b);
				return 0;
			}

			case 'gso-request':
				netif.writeGso(words, front.nextRequest(), numbers[0], numbers[1]);
				return 0;
			case 'gso-response':
				netif.writeGso(words, back.nextResponse(), numbers[0], numbers[1]);
				return 0;
			case 'response': {
				const entry = back.nextResponse();
				const [a, b, c, d] = numbers;
				if (ring === 'tx') netif.writeTxResponse(words, entry, a, b);
				else netif.writeRxResponse(words, entry, a, b, c, d);
				return 0;
			}

			case 'null-response':
				netif.writeTxNull(words, back.nextResponse());
				return 0;
			case 'take-request': {
				const entry = back.nextRequest();
				if (ring === 'tx') netif.copyTxSlot(words, entry, copy, 0);
				else copy.set(words.subarray(entry, entry + 2));
				return 0;
			}

			case 'take-response': {
				const entry = front.nextResponse();
				copy.set(words.subarray(entry, entry + (ring === 'tx' ? 1 : 2)));
				return 0;
			}

			case 'push-requests':
				return front.pushRequests();
			case 'push-responses':
				return back.pushResponses();
			case 'free':
				return front.free;
			case 'unconsumed-responses':
				return front.unconsumedResponses | 0;
			case 'unconsumed-requests':
				return back.unconsumedRequests | 0;
			case 'requests-overflow':
				return back.requestsOverflow;
			case 'responses-overflow':
				return front.responsesOverflow;
			case 'final-check-requests':
				return back.finalCheckForRequests();
			case 'final-check-responses':
				return front.finalCheckForResponses();
			case 'arm-request-event':
				back.armRequestEvent(numbers[0]);
				return 0;
			default:
				throw new Error(`no operation '${name}'`);
		}
	}
}

/** The operations only the frontend performs; of the rest, those of the backend. */
export const frontOperations: ReadonlySet<string> = new Set([
	'request',
	'gso-request',
	'push-requests',
	'free',
	'unconsumed-responses',
	'responses-overflow',
	'take-response',
	'final-check-responses',
]);
export const backOperations: ReadonlySet<string> = new Set([
	'response',
	'gso-response',
	'null-response',
	'push-responses',
	'unconsumed-requests',
	'requests-overflow',
	'take-request',
	'arm-request-event',
	'final-check-requests',
]);
