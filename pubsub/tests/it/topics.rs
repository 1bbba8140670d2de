//! Topics: made, changed, listed, deleted.

use millpond_engine::{Clock, Engine, Options as EngineOptions, Timestamp};
use millpond_pubsub::{CreateOptions, Topics};
use millpond_queue::Queues;
use millpond_stream::Streams;
