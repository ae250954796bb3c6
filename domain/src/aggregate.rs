//! What makes a state an aggregate of `cqrs-es`: its decision writes events, and each is taken in.

/// Implements [`cqrs_es::Aggregate`] for a state by its decision and by how it takes an event in.
macro_rules! aggregate {
    ($state:ty, $command:ty, $event:ty, $decide:path, $take:expr) => {
        impl cqrs_es::Aggregate for $state {
            const TYPE: &'static str = Self::TYPE;
            type Command = $command;
            type Event = $event;
            type Error = $crate::refusal::Refusal;
            type Services = $crate::context::Context;

            async fn handle(
                &mut self,
                command: Self::Command,
                context: &$crate::context::Context,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in $decide(self, command, context)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                let take: fn(&mut Self, Self::Event) = $take;
                take(self, event);
            }
        }
    };
}
pub(crate) use aggregate;
