/** xenstored in domain zero of the small real Xen, with its own client and as many guests' as asked for. */
import {RingStoreClient} from '../../../source/sim/xenstore/client.js';
import {Xenstored} from '../../../source/sim/xenstore/xenstored.js';
import {smallXen} from '../../support/small-xen.js';

export function storeHost(cpus = 2) {
	const {engine, machine, xen, domain} = smallXen(cpus);
	const domainZero = domain('Domain-0');
	const xenstored = new Xenstored(domainZero, {
		faults: engine.faults,
		mapPage: (domid, frame) => (xen.frames.ownerOf(frame) === domid ? machine.memory.words(frame) : undefined),
		unmapPage: () => {},
	});
	const store = new RingStoreClient(domainZero, domainZero.words(domainZero.page()));
	domainZero.connectStore(store);
	xenstored.start(store);

	/** A guest whose page and port exist, not yet introduced. */
	const build = (name: string) => {
		const kernel = domain(name);
		const frame = kernel.page();
		const client = new RingStoreClient(kernel, kernel.words(frame));
		kernel.connectStore(client);
		const port = kernel.allocUnbound(0, client.interrupt);
		client.connect(port);
		return {kernel, client, frame, port};
	};

	/** A guest that xenstored serves, with a home it owns. */
	const guest = (name: string) => {
		const built = build(name);
		const {domid} = built.kernel;
		store.write(`/local/domain/${domid}/name`, name);
		store.setPermissions(`/local/domain/${domid}`, [`n${domid}`]);
		store.introduce(domid, built.frame, built.port);
		settle();
		return built;
	};

	/** Lets a tenth of a second go by: everything asked for has happened. */
	const settle = () => {
		while (!engine.run(engine.now + 100_000_000, 1_000_000)) {
			// The budget ended first.
		}
	};

	settle();
	return {engine, machine, xen, domain, domainZero, xenstored, store, build, guest, settle};
}
