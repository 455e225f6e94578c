/**
A guest's disk served by domain zero: real blkfront and blkback on real kernels over the small Xen and its xenstored, the
directories as xl writes them, and a disk in memory behind.
*/

import {Blkback, type BlkbackOptions} from '../../source/sim/backend/blkback.js';
import {RingIdentities} from '../../source/sim/channel/ring-identities.js';
import {Blkfront} from '../../source/sim/frontend/blkfront.js';
import {
	type BlockDevice,
	type BlockOperation,
	BlockRequest,
	readOperation,
	writeOperation,
} from '../../source/sim/kernel/block-device.js';
import type {DomainKernel} from '../../source/sim/kernel/domain-kernel.js';
import {storeHost} from '../sim/xenstore/store-host.js';
import {MemoryDisk} from './memory-disk.js';

const cost = {name: 'test.work', ns: 100, source: 'test'};

export interface ChannelOptions extends Partial<BlkbackOptions> {
	readonly cpus?: number;
	readonly mode?: 'r' | 'w';
	/** The device behind; made on domain zero's kernel. */
	readonly makeDevice?: (kernel: DomainKernel) => BlockDevice;
}

/** Runs `work` in a task of the kernel, as all of its code runs. */
export function inKernel(kernel: DomainKernel, work: () => void): void {
	kernel.task(kernel.define('test', cost, work));
}

export const vdev = 51_712;

export function diskChannel(options: ChannelOptions = {}) {
	const host = storeHost(options.cpus ?? 2);
	const {domainZero, store, settle, engine} = host;
	const {kernel: guest} = host.guest('web');
	const disk = new MemoryDisk(domainZero);
	const device = options.device ?? options.makeDevice?.(domainZero) ?? disk;
	const identities = new RingIdentities();
	const front = new Blkfront(guest, {
		name: 'xvda',
		channel: 'web.xvda',
		virtualDevice: vdev,
		identities,
		hash: engine.hash,
		ringWrites: engine.faults.point('ring.write web.xvda front', ['web']),
	});
	const makeBack = (kernel: DomainKernel) =>
		new Blkback(kernel, {
			frontend: guest.domid,
			virtualDevice: vdev,
			channel: 'web.xvda',
			device,
			identities,
			hash: engine.hash,
			...options,
		});
	const back = makeBack(domainZero);
	const frontPath = `/local/domain/${guest.domid}/device/vbd/${vdev}`;
	const backPath = `/local/domain/0/backend/vbd/${guest.domid}/${vdev}`;

	/** xl's part: both directories with their keys, owners and permissions. */
	const attach = (mode: 'r' | 'w' = options.mode ?? 'w') => {
		inKernel(domainZero, () => {
			store.write(frontPath, '');
			store.setPermissions(frontPath, [`n${guest.domid}`, 'r0']);
			store.write(backPath, '');
			store.setPermissions(backPath, ['n0', `r${guest.domid}`]);
			for (const [key, value] of Object.entries({
				backend: backPath,
				'backend-id': '0',
				state: '1',
				'virtual-device': String(vdev),
			})) {
				store.write(`${frontPath}/${key}`, value);
			}

			for (const [key, value] of Object.entries({
				frontend: frontPath,
				'frontend-id': String(guest.domid),
				online: '1',
				mode,
				state: '1',
			})) {
				store.write(`${backPath}/${key}`, value);
			}
		});
		settle();
	};

	/** The whole handshake. */
	const connect = () => {
		attach();
		inKernel(domainZero, () => back.start());
		inKernel(guest, () => front.start());
		settle();
	};

	/** A key of XenStore as domain zero reads it; '' when it is not there. */
	const read = (path: string): string => {
		let answer = '';
		inKernel(domainZero, () => {
			store.read(path, (_, value) => {
				answer = value;
			});
		});
		settle();
		return answer;
	};

	/** One request of the guest; `answer` is undefined until it is done. */
	const request = (operation: BlockOperation, sector: number, segments: readonly Segment[]) => {
		const io = {
			answer: undefined as number | undefined,
			submitted: false,
			request: new BlockRequest(11, 0, (_, status) => {
				io.answer = status;
			}),
		};
		io.request.operation = operation;
		io.request.sector = sector;
		io.request.segments = segments.length;
		io.request.identity = engine.trace.begin();
		for (const [i, {page, offset, bytes}] of segments.entries()) {
			io.request.pages[i] = page;
			io.request.offsets[i] = offset;
			io.request.lengths[i] = bytes;
		}

		return io;
	};

	/** Submits requests in one task of the guest. */
	const submit = (...ios: ReturnType<typeof request>[]) => {
		inKernel(guest, () => {
			for (const io of ios) io.submitted = front.submit(io.request);
		});
	};

	/** Writes, or reads, whole pages from `sector` and waits. */
	const transfer = (operation: BlockOperation, sector: number, pages: readonly number[]) => {
		const io = request(
			operation,
			sector,
			pages.map((page) => ({page, offset: 0, bytes: 4096})),
		);
		submit(io);
		settle();
		return io;
	};

	const messages = () => engine.log.since(0).map(({text}) => text);
	return {
		...host,
		guest,
		front,
		back,
		makeBack,
		disk,
		identities,
		attach,
		connect,
		read,
		request,
		submit,
		frontPath,
		backPath,
		messages,
		write: (sector: number, pages: readonly number[]) => transfer(writeOperation, sector, pages),
		readPages: (sector: number, pages: readonly number[]) => transfer(readOperation, sector, pages),
		/** Lets virtual time go by. */
		run: (nanoseconds: number) => {
			const until = engine.now + nanoseconds;
			while (!engine.run(until, 1_000_000)) {
				// The budget ended first.
			}
		},
	};
}

export interface Segment {
	readonly page: number;
	readonly offset: number;
	readonly bytes: number;
}
