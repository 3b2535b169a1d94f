"""The sweeps flow: a push is a hint, a sweep is proof. One row per connection keeps all its cursors."""
