/*
 * The same hold model as queue-hold.mjs on std::priority_queue, beside it the same table of slots: generation, step,
 * argument; cancelling marks the slot, and a dead entry is skipped when it surfaces or swept when the dead outnumber the
 * living. Arguments: pending events, operations.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <vector>

namespace {

struct Step {
	void (*run)(int32_t argument);
};

struct Entry {
	int64_t time;
	uint64_t sequence;
	int32_t slot;
};

struct Later {
	bool operator()(const Entry &a, const Entry &b) const
	{
		return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
	}
};

struct Slot {
	const Step *step;
	int32_t argument;
	uint32_t generation;
};

class EventQueue : std::priority_queue<Entry, std::vector<Entry>, Later> {
public:
	const Step *step = nullptr;
	int32_t argument = 0;

	int64_t head_time() const { return top().time; }

	uint64_t push(int64_t time, uint64_t sequence, const Step *what, int32_t with)
	{
		if (free.empty()) {
			free.push_back(int32_t(slots.size()));
			slots.push_back(Slot{nullptr, 0, 0});
		}
		int32_t slot = free.back();
		free.pop_back();
		slots[slot].step = what;
		slots[slot].argument = with;
		priority_queue::push(Entry{time, sequence, slot});
		return uint64_t(slots[slot].generation) << 32 | uint32_t(slot);
	}

	bool pop()
	{
		Slot &slot = slots[top().slot];
		free.push_back(top().slot);
		priority_queue::pop();
		const Step *what = slot.step;
		slot.step = nullptr;
		slot.generation++;
		if (!what) {
			dead--;
			return false;
		}
		step = what;
		argument = slot.argument;
		return true;
	}

	bool cancel(uint64_t handle)
	{
		Slot &slot = slots[uint32_t(handle)];
		if (slot.generation != handle >> 32 || !slot.step)
			return false;
		slot.step = nullptr;
		if (++dead > 64 && dead * 2 > c.size())
			sweep();
		return true;
	}

private:
	std::vector<Slot> slots;
	std::vector<int32_t> free;
	size_t dead = 0;

	void sweep()
	{
		size_t kept = 0;
		for (const Entry &entry : c) {
			if (slots[entry.slot].step) {
				c[kept++] = entry;
			} else {
				slots[entry.slot].generation++;
				free.push_back(entry.slot);
			}
		}
		c.resize(kept);
		std::make_heap(c.begin(), c.end(), comp);
		dead = 0;
	}
};

const uint32_t mix_size = 65536;
uint32_t state = 1;
int64_t delays[mix_size];
EventQueue queue;
std::vector<uint64_t> handles;
int64_t now;
uint64_t sequence;
uint32_t drawn;
uint32_t sum;

uint32_t next_random()
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

extern const Step steps[4];

void schedule(int32_t id)
{
	handles[id] = queue.push(now + delays[drawn++ & (mix_size - 1)], sequence++, &steps[id & 3], id);
}

template <uint32_t factor> void happen(int32_t id)
{
	sum = (sum ^ uint32_t(id) ^ (uint32_t(now) & 0x7fffffff)) * factor;
	schedule(id);
}

const Step steps[4] = {{happen<0x9e3779b1>}, {happen<0x85ebca6b>}, {happen<0xc2b2ae35>}, {happen<0x27d4eb2f>}};

void hold(long count)
{
	for (long i = 0; i < count;) {
		int64_t time = queue.head_time();
		if (queue.pop()) {
			now = time;
			queue.step->run(queue.argument);
			i++;
			if (i % 10 == 0) {
				int32_t other = int32_t(next_random() % handles.size());
				queue.cancel(handles[other]);
				schedule(other);
			}
		}
	}
}

double cpu_time()
{
	timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return double(t.tv_sec) * 1e9 + double(t.tv_nsec);
}

} // namespace

int main(int, char **argv)
{
	long pending = std::atol(argv[1]);
	long operations = std::atol(argv[2]);
	for (int64_t &delay : delays) {
		uint32_t kind = next_random() % 100;
		uint32_t draw = next_random();
		delay = kind < 70 ? 200 + draw % 2801 : kind < 90 ? 12000 + draw % 88001 : 4000000 + draw % 8000001;
	}
	handles.resize(size_t(pending));
	for (int32_t id = 0; id < pending; id++)
		schedule(id);
	hold(1000000);
	double before = cpu_time();
	hold(operations);
	std::printf("{\"rate\": %.0f, \"sum\": %u}\n", double(operations) * 1e9 / (cpu_time() - before), sum);
}
